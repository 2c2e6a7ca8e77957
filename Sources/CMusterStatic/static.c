#include "CMusterStatic.h"

#if defined(__linux__) && defined(__GLIBC__)

/* A static program crashes in glibc when nsswitch.conf names a module that is really consulted (sss, myhostname), as
   it does on many clusters. So the databases are pinned to what is linked in: names that only LDAP knows are unknown. */
extern int __nss_configure_lookup(const char *database, const char *service);

__attribute__((constructor)) static void configure_names(void) {
    static const char *const databases[] = {"passwd", "group", "services", "protocols", "networks", "shadow", "initgroups"};
    __nss_configure_lookup("hosts", "files dns");
    for (unsigned i = 0; i < sizeof databases / sizeof *databases; i++) __nss_configure_lookup(databases[i], "files");
}

#endif

/* The release executable is linked with --wrap for these two. crt1 registers the unwind table, and the first look-up
   sorts all of it: 30 to 100 ms. With an .eh_frame_hdr section the table is found sorted, and registration is needless.
   Elsewhere nothing calls them. */
void __wrap___register_frame_info(const void *begin, void *object) { (void)begin; (void)object; }
void *__wrap___deregister_frame_info(const void *begin) { (void)begin; return 0; }

void muster_static_anchor(void) {}

#include "CMusterPlatform.h"

#pragma clang diagnostic ignored "-Wc23-extensions"

static const char version[] = {
#embed "../../Python/muster/VERSION" suffix(,)
    0};

const char *muster_version(void) { return version; }

#pragma once

/// Linked into fully static executables: pins glibc's name services and drops the registration of unwind tables
/// (static.c).
void muster_static_anchor(void);

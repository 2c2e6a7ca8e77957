#pragma once

/// What a fully static executable needs besides its code: see static.c. Linking the target is enough.
void muster_static_anchor(void);

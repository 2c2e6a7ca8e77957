#pragma once

// Restores the signal dispositions, the signal mask and the soft limit of descriptors that the program was started
// with. For use between fork and exec, with all signals blocked.
void muster_restore_inherited(void);

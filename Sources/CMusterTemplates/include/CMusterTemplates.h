#pragma once

// One file of a flow that `muster new` makes: a file of this source tree, embedded when it is compiled.
struct muster_template {
    // `swift` or `python`, and the framework; `plain` without one.
    const char *language;
    const char *framework;
    // Its path in the flow's folder.
    const char *place;
    // The flow's name in the text, which the new one's replaces.
    const char *flow;
    const char *bytes;
    long length;
};

// All of them; sets their number.
const struct muster_template *muster_templates(long *count);

#pragma once

#include <stddef.h>

/// A file of the page, embedded in the program.
typedef struct {
    const char *name;
    const void *bytes;
    size_t count;
} muster_dashboard_asset;

const muster_dashboard_asset *muster_dashboard_assets(void);
size_t muster_dashboard_asset_count(void);

// One block without a GPU, for tests: every thread of a phase before the next one, as a barrier would have it.

#pragma once

#include <string.h>

#include "render.h"

template <typename T>
static void eg_run_block(const uint8_t *frame, const EgFrame &of, const EgView &view, EgPlace at, T *out) {
    EgTile tile;
    EgSteps steps;
    memset(&tile, 0xA5, sizeof tile);  // as shared memory is: whatever was there before
    memset(&steps, 0xA5, sizeof steps);
    for (at.thread = 0; at.thread < EG_BLOCK_X * EG_BLOCK_Y; ++at.thread) eg_find(view, at, steps);
    for (at.thread = 0; at.thread < EG_BLOCK_X * EG_BLOCK_Y; ++at.thread) eg_fill(frame, of, view, at, steps, tile);
    for (at.thread = 0; at.thread < EG_BLOCK_X * EG_BLOCK_Y; ++at.thread) eg_write(of, view, at, tile, out);
}

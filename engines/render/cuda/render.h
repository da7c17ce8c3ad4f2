// One block of one view, in three phases with barriers between them: find the coordinates of its columns and rows, fill
// the tile, then squeeze, normalize and write.

#pragma once

#include "sample.h"
#include "squeeze.h"
#include "tile.h"

struct EgPlace {
    int32_t block_x, block_y, view, thread;
};

// Phase 1. Columns and rows beyond the placed crop repeat its edge: neighbors are clamped to it (step 4 of the definition).
EG_DEVICE void eg_find(const EgView &view, const EgPlace &at, EgSteps &steps) {
    const int32_t u = at.block_x * EG_BLOCK_X - EG_HALO - view.x, v = at.block_y * EG_BLOCK_Y - EG_HALO - view.y;
    static_assert(EG_STEPS <= EG_BLOCK_X * EG_BLOCK_Y, "a thread finds one step at most");
    if (at.thread < EG_STEPS) eg_step(view, u, v, at.thread, steps);
}

// Phase 2.
EG_DEVICE void eg_fill(const uint8_t *frame, const EgFrame &of, const EgView &view, const EgPlace &at,
                       const EgSteps &steps, EgTile &tile) {
    for (int32_t i = at.thread; i < EG_TILE; i += EG_BLOCK_X * EG_BLOCK_Y) {
        const int32_t column = i % EG_TILE_X, row = i / EG_TILE_X;
        const int32_t u = at.block_x * EG_BLOCK_X + column - EG_HALO - view.x;
        const int32_t v = at.block_y * EG_BLOCK_Y + row - EG_HALO - view.y;
        const bool is_near = u >= -EG_HALO && v >= -EG_HALO && u < view.width + EG_HALO && v < view.height + EG_HALO;
        if (!is_near) continue;
        const bool is_hidden = eg_is_hidden(view, eg_clamp(u, 0, view.width - 1), eg_clamp(v, 0, view.height - 1));
        const int32_t *across = steps.of_column[column], *down = steps.of_row[row];
        const EgColor color = is_hidden ? EgColor{view.fill, view.fill, view.fill}
                                        : eg_sampled(frame, of, view, (across[0] + down[0]) >> EG_STEP_BITS,
                                                     (across[1] + down[1]) >> EG_STEP_BITS);
        tile.values[0][i] = (uint8_t)color.b;
        tile.values[1][i] = (uint8_t)color.g;
        tile.values[2][i] = (uint8_t)color.r;
    }
}

EG_DEVICE void eg_store(float *out, float value) { *out = value; }
EG_DEVICE void eg_store(eg_half *out, float value) { *out = eg_to_half(value); }

// Phase 3.
template <typename T>
EG_DEVICE void eg_write(const EgFrame &of, const EgView &view, const EgPlace &at, const EgTile &tile, T *out) {
    const int32_t column = at.thread % EG_BLOCK_X, row = at.thread / EG_BLOCK_X;
    const int32_t x = at.block_x * EG_BLOCK_X + column, y = at.block_y * EG_BLOCK_Y + row;
    if (x >= of.side || y >= of.side) return;
    const int32_t u = x - view.x, v = y - view.y;
    const bool is_inside = u >= 0 && v >= 0 && u < view.width && v < view.height;
    const int32_t center = (row + EG_HALO) * EG_TILE_X + column + EG_HALO;
    const size_t plane = (size_t)of.side * of.side;
    T *first = out + (size_t)at.view * 3 * plane + (size_t)y * of.side + x;
    for (int32_t channel = 0; channel < 3; ++channel) {
        const int32_t source = of.is_rgb ? 2 - channel : channel;
        const int32_t value = is_inside ? eg_squeezed(tile.values[source], center, view.squeeze) : view.fill;
        eg_store(first + channel * plane, ((float)value - of.mean) * of.scale);
    }
}

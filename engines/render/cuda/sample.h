// Steps 1 to 3 of engines/render/spec.py: place, sample, occlude. All arithmetic is in integers or is rounded as IEEE 754
// says, so that device, host and OpenCV give the same bytes (compile without contraction: -fmad=false).

#pragma once

#include "platform.h"
#include "tile.h"
#include "views.h"

struct EgColor {
    int32_t b, g, r;
};

// In the level, 1/1024 px: what a column and what a row of a tile add to x and to y.
struct EgSteps {
    int32_t of_column[EG_TILE_X][2], of_row[EG_TILE_Y][2];
};

enum { EG_STEPS = 2 * (EG_TILE_X + EG_TILE_Y) };
enum { EG_STEP_ONE = 1024, EG_STEP_HALF = 16, EG_STEP_BITS = 5, EG_SUBPIXELS = 32, EG_SUBPIXEL_BITS = 5 };

EG_DEVICE int32_t eg_clamp(int32_t value, int32_t low, int32_t high) {
    return value < low ? low : (value > high ? high : value);
}

// BT.601, limited range, in 20-bit fixed point: the integers that OpenCV uses, so that a frame has one color.
EG_DEVICE EgColor eg_nv12(const uint8_t *frame, const EgFrame &of, int32_t x, int32_t y) {
    const uint8_t *chroma = frame + (size_t)of.pitch * (of.height + y / 2) + (x & ~1);
    const int32_t u = (int32_t)eg_read(chroma) - 128, v = (int32_t)eg_read(chroma + 1) - 128;
    const int32_t luma = eg_clamp((int32_t)eg_read(frame + (size_t)of.pitch * y + x) - 16, 0, 255) * 1220542 + (1 << 19);
    return EgColor{eg_clamp((luma + 2116026 * u) >> 20, 0, 255), eg_clamp((luma - 409993 * u - 852492 * v) >> 20, 0, 255),
                   eg_clamp((luma + 1673527 * v) >> 20, 0, 255)};
}

EG_DEVICE EgColor eg_pixel(const uint8_t *frame, const EgFrame &of, int32_t x, int32_t y) {
    if (of.format == EG_NV12) return eg_nv12(frame, of, x, y);
    const uint8_t *at = frame + (size_t)of.pitch * y + 3 * (size_t)x;
    return EgColor{eg_read(at), eg_read(at + 1), eg_read(at + 2)};
}

EG_DEVICE int32_t eg_mean(int32_t sum, const EgFrame &of) {
    return of.decimation == 2 ? (sum + 2) >> 2 : eg_nearest((float)sum * of.share);
}

// The mean of an n x n block; black outside the level.
EG_DEVICE EgColor eg_level(const uint8_t *frame, const EgFrame &of, int32_t x, int32_t y) {
    const int32_t n = of.decimation;
    if (x < 0 || y < 0 || x >= of.width / n || y >= of.height / n) return EgColor{0, 0, 0};
    if (n == 1) return eg_pixel(frame, of, x, y);
    EgColor sum{0, 0, 0};
    for (int32_t dy = 0; dy < n; ++dy)
        for (int32_t dx = 0; dx < n; ++dx) {
            const EgColor one = eg_pixel(frame, of, x * n + dx, y * n + dy);
            sum.b += one.b, sum.g += one.g, sum.r += one.r;
        }
    return EgColor{eg_mean(sum.b, of), eg_mean(sum.g, of), eg_mean(sum.r, of)};
}

EG_DEVICE int32_t eg_mixed(int32_t a, int32_t b, int32_t c, int32_t d, int32_t right, int32_t low) {
    const int32_t upper = (EG_SUBPIXELS - right) * a + right * b, lower = (EG_SUBPIXELS - right) * c + right * d;
    const int32_t half = EG_SUBPIXELS * EG_SUBPIXELS / 2;
    return ((EG_SUBPIXELS - low) * upper + low * lower + half) >> (2 * EG_SUBPIXEL_BITS);
}

// One of the EG_STEPS of a tile: `at` counts x and y of every column, then those of every row. In double, as OpenCV has
// it, but once a column or row of a block and never for a pixel. (u, v) is the tile's first pixel.
EG_DEVICE void eg_step(const EgView &view, int32_t u, int32_t v, int32_t at, EgSteps &steps) {
    const double *m = view.to_level + 3 * (at & 1);
    const int32_t line = at >> 1;
    if (line < EG_TILE_X) {
        const double x = m[0] * (double)eg_clamp(u + line, 0, view.width - 1);
        steps.of_column[line][at & 1] = eg_nearest(x * (double)EG_STEP_ONE);
    } else {
        const double y = m[1] * (double)eg_clamp(v + line - EG_TILE_X, 0, view.height - 1) + m[2];
        steps.of_row[line - EG_TILE_X][at & 1] = eg_nearest(y * (double)EG_STEP_ONE) + EG_STEP_HALF;
    }
}

EG_DEVICE bool eg_is_hidden(const EgView &view, int32_t u, int32_t v) {
    for (int32_t i = 0; i < view.hole_count; ++i) {
        const EgHole &hole = view.holes[i];
        if (u >= hole.left && u < hole.right && v >= hole.top && v < hole.bottom) return true;
    }
    return false;
}

// The color of the placed crop at level coordinates (x, y), 1/32 px from the view's origin.
EG_DEVICE EgColor eg_sampled(const uint8_t *frame, const EgFrame &of, const EgView &view, int32_t x, int32_t y) {
    const int32_t at_x = (x >> EG_SUBPIXEL_BITS) + view.origin_x, at_y = (y >> EG_SUBPIXEL_BITS) + view.origin_y;
    const EgColor a = eg_level(frame, of, at_x, at_y), b = eg_level(frame, of, at_x + 1, at_y);
    const EgColor c = eg_level(frame, of, at_x, at_y + 1), d = eg_level(frame, of, at_x + 1, at_y + 1);
    const int32_t right = x & (EG_SUBPIXELS - 1), low = y & (EG_SUBPIXELS - 1);
    return EgColor{eg_mixed(a.b, b.b, c.b, d.b, right, low), eg_mixed(a.g, b.g, c.g, d.g, right, low),
                   eg_mixed(a.r, b.r, c.r, d.r, right, low)};
}

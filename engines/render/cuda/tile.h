// A block of pixels and their neighbors, which is what one block of threads renders.

#pragma once

#include <stdint.h>

enum { EG_BLOCK_X = 32, EG_BLOCK_Y = 8, EG_HALO = 2 };
enum { EG_TILE_X = EG_BLOCK_X + 2 * EG_HALO, EG_TILE_Y = EG_BLOCK_Y + 2 * EG_HALO, EG_TILE = EG_TILE_X * EG_TILE_Y };

// Three planes of EG_TILE bytes: blue, green, red.
struct EgTile {
    uint8_t values[3][EG_TILE];
};

// What the kernels need of their platform: CUDA's, or its stand-in for tests on a host without a GPU.
//
// With a C++ compiler for the host, a block is run thread by thread, phase by phase: see host_block.h. eg_nearest rounds
// half to even on both.

#pragma once

#include <stdint.h>

#ifdef __CUDACC__

#include <cuda_fp16.h>
#define EG_DEVICE __device__ __forceinline__
typedef __half eg_half;
EG_DEVICE eg_half eg_to_half(float value) { return __float2half_rn(value); }
EG_DEVICE int32_t eg_nearest(float value) { return __float2int_rn(value); }
EG_DEVICE int32_t eg_nearest(double value) { return __double2int_rn(value); }
template <typename T> EG_DEVICE T eg_read(const T *at) { return __ldg(at); }

#else

#include <math.h>
#define EG_DEVICE static inline
typedef _Float16 eg_half;
EG_DEVICE eg_half eg_to_half(float value) { return (eg_half)value; }
EG_DEVICE int32_t eg_nearest(float value) { return (int32_t)lrintf(value); }
EG_DEVICE int32_t eg_nearest(double value) { return (int32_t)lrint(value); }
template <typename T> EG_DEVICE T eg_read(const T *at) { return *at; }

#endif

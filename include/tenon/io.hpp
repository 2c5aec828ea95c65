// tenon/io.hpp: models as safetensors files; tenon/io/idx.hpp, which needs zlib, is to be included by itself.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <tenon/io/error.hpp>
#include <tenon/io/model.hpp>
#include <tenon/io/safetensors.hpp>

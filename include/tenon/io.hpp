// tenon/io.hpp: files: models as safetensors.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <tenon/io/error.hpp>
#include <tenon/io/model.hpp>
#include <tenon/io/safetensors.hpp>

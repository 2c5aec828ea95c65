// tenon/ops/reduction_catalogue.hpp: the list of all reductions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Tests, documentation and importers iterate over it, so a new reduction is listed here and nowhere else.
#pragma once
#include <tenon/base/type_list.hpp>
#include <tenon/ops/reduction.hpp>
#include <tenon/ops/reduction_extrema.hpp>
#include <tenon/ops/reduction_logical.hpp>
#include <tenon/ops/reduction_logsumexp.hpp>
#include <tenon/ops/reduction_norms.hpp>
#include <tenon/ops/reduction_statistics.hpp>

namespace tenon {
inline namespace TENON_ABI {

/// Every reduction; families with parameters by one or two of their members.
using ReductionCatalogue = TypeList<op::Sum, op::Mean, op::Prod, op::Max, op::Min, op::ArgMax, op::ArgMin, op::Any,
                                    op::All, op::CountNonzero, op::LogSumExp, op::Var<0>, op::Var<1>, op::Std<0>,
                                    op::Std<1>, op::NormL1, op::NormL2, op::NormInf, op::NormP<3, 1>, op::NormP<3, 2>>;

}  // namespace TENON_ABI
}  // namespace tenon

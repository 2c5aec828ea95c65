// tenon/ops/special_catalogue.hpp: the pointwise ops that need <cmath>, in one list beside the catalogue.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// They are called seldom and cost hundreds of cycles in any form.
#pragma once
#include <tenon/base/type_list.hpp>
#include <tenon/ops/bessel.hpp>
#include <tenon/ops/elliptic.hpp>
#include <tenon/ops/gamma.hpp>
#include <tenon/ops/orthogonal.hpp>

namespace tenon {
inline namespace TENON_ABI {

/// The gamma family, and what the C++17 standard library adds where it has it.
using SpecialCatalogue =
    TypeList<op::Tgamma, op::Lgamma, op::Digamma, op::Trigamma, op::Polygamma, op::Beta
#if defined(__STDCPP_MATH_SPEC_FUNCS__)
             ,
             op::CylBesselJ, op::CylNeumann, op::CylBesselI, op::CylBesselK, op::SphBessel, op::SphNeumann, op::Ellint1,
             op::Ellint2, op::Ellint3, op::EllintD, op::CompEllint1, op::CompEllint2, op::CompEllint3, op::Expint,
             op::RiemannZeta, op::ZetaDerivative, op::Legendre, op::AssocLegendre, op::SphLegendre, op::Laguerre,
             op::AssocLaguerre, op::Hermite
#endif
             >;

}  // namespace TENON_ABI
}  // namespace tenon

// These are distributions that compute in double alone. Boost computes in long double where it is
// not told otherwise, which differs between processors, and whose constants, made when a program
// begins, overflow under Valgrind.
#pragma once

#include <boost/math/distributions/chi_squared.hpp>
#include <boost/math/distributions/students_t.hpp>

namespace rollcall {

using InDouble = boost::math::policies::policy<boost::math::policies::promote_double<false>>;
using StudentsT = boost::math::students_t_distribution<double, InDouble>;
using ChiSquared = boost::math::chi_squared_distribution<double, InDouble>;

}  // namespace rollcall

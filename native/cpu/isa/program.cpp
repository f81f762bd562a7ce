// Runs a straight-line program on columns of kProgramColumn samples: one dispatch an instruction and column, registers in the
// first-level cache. Input planes and constants are operands in place, nothing is loaded twice.
#include <cmath>
#include "cpu/isa/simd.h"
#include "cpu/isa/table.h"
#include "math/elementary.h"

DINF_MATH_BEGIN

namespace {

template <class Real, class F>
DINF_INLINE void unary(Real* d, const Real* a, int64_t n, F f) {
  using V = typename Simd<Real>::V;
  for (int64_t i = 0; i < n; i += Simd<Real>::W) store<V>(d + i, f(load<V>(a + i)));
}
template <class Real, class F>
DINF_INLINE void binary(Real* d, const Real* a, const Real* b, int64_t n, F f) {
  using V = typename Simd<Real>::V;
  for (int64_t i = 0; i < n; i += Simd<Real>::W) store<V>(d + i, f(load<V>(a + i), load<V>(b + i)));
}
template <class Real, class F>
DINF_INLINE void scalarUnary(Real* d, const Real* a, int64_t n, F f) {
  for (int64_t i = 0; i < n; ++i) d[i] = f(a[i]);
}
template <class Real, class F>
DINF_INLINE void scalarBinary(Real* d, const Real* a, const Real* b, int64_t n, F f) {
  for (int64_t i = 0; i < n; ++i) d[i] = f(a[i], b[i]);
}

template <class Real>
void column(const RunCall<Real>& call, const Real** operand, int64_t from, int64_t n) {
  using V = typename Simd<Real>::V;
  Real* registers = call.scratch;
  const Real** inputs = operand + call.registers + call.constantCount;
  for (int i = 0; i < call.inputCount; ++i) inputs[i] = call.inputs[i] + (call.inputStride[i] ? from : 0);
  const V zero = V{}, one = V{} + Real(1);
  for (int i = 0; i < call.instructions; ++i) {
    const uint16_t* word = call.code + i * kWordsPerInstruction;
    const Op op = static_cast<Op>(word[0]);
    const Real *a = operand[word[2]], *b = operand[word[3]], *c = operand[word[4]];
    if (op == Op::store) {
      Real* to = call.stores[word[1]];
      if (to) unary<Real>(to + from, a, n, [](V x) { return x; });
      continue;
    }
    if (op == Op::sum) {
      double sum[8] = {};
      for (int64_t k = 0; k < n; k += 8)
        for (int j = 0; j < 8; ++j) sum[j] += static_cast<double>(a[k + j]);
      call.sums[word[1]] += ((sum[0] + sum[4]) + (sum[1] + sum[5])) + ((sum[2] + sum[6]) + (sum[3] + sum[7]));
      continue;
    }
    Real* d = registers + word[1] * kProgramColumn;
    switch (op) {
      case Op::add: binary<Real>(d, a, b, n, [](V x, V y) { return x + y; }); break;
      case Op::sub: binary<Real>(d, a, b, n, [](V x, V y) { return x - y; }); break;
      case Op::mul: binary<Real>(d, a, b, n, [](V x, V y) { return x * y; }); break;
      case Op::div: binary<Real>(d, a, b, n, [](V x, V y) { return x / y; }); break;
      case Op::neg: unary<Real>(d, a, n, [](V x) { return -x; }); break;
      case Op::abs: unary<Real>(d, a, n, [zero](V x) { return x < zero ? -x : x; }); break;
      case Op::sign: unary<Real>(d, a, n, [zero, one](V x) { return x > zero ? one : x < zero ? -one : zero; }); break;
      case Op::sqrt: scalarUnary(d, a, n, [](Real x) { return std::sqrt(x); }); break;
      case Op::exp: unary<Real>(d, a, n, [](V x) { return vectorExp<V, true>(x); }); break;
      case Op::log: scalarUnary(d, a, n, [](Real x) { return std::log(x); }); break;
      case Op::sin: scalarUnary(d, a, n, [](Real x) { return std::sin(x); }); break;
      case Op::cos: scalarUnary(d, a, n, [](Real x) { return std::cos(x); }); break;
      case Op::tan: scalarUnary(d, a, n, [](Real x) { return std::tan(x); }); break;
      case Op::asin: scalarUnary(d, a, n, [](Real x) { return std::asin(x); }); break;
      case Op::acos: scalarUnary(d, a, n, [](Real x) { return std::acos(x); }); break;
      case Op::atan: scalarUnary(d, a, n, [](Real x) { return std::atan(x); }); break;
      case Op::sinh: scalarUnary(d, a, n, [](Real x) { return std::sinh(x); }); break;
      case Op::cosh: scalarUnary(d, a, n, [](Real x) { return std::cosh(x); }); break;
      case Op::tanh: scalarUnary(d, a, n, [](Real x) { return std::tanh(x); }); break;
      case Op::pow: scalarBinary(d, a, b, n, [](Real x, Real y) { return std::pow(x, y); }); break;
      case Op::atan2: scalarBinary(d, a, b, n, [](Real x, Real y) { return std::atan2(x, y); }); break;
      case Op::hypot: scalarBinary(d, a, b, n, [](Real x, Real y) { return std::hypot(x, y); }); break;
      case Op::min: binary<Real>(d, a, b, n, [](V x, V y) { return y < x ? y : x; }); break;
      case Op::max: binary<Real>(d, a, b, n, [](V x, V y) { return y > x ? y : x; }); break;
      case Op::lt: binary<Real>(d, a, b, n, [zero, one](V x, V y) { return x < y ? one : zero; }); break;
      case Op::le: binary<Real>(d, a, b, n, [zero, one](V x, V y) { return x <= y ? one : zero; }); break;
      case Op::eq: binary<Real>(d, a, b, n, [zero, one](V x, V y) { return x == y ? one : zero; }); break;
      case Op::where:
        for (int64_t k = 0; k < n; k += Simd<Real>::W)
          store<V>(d + k, load<V>(a + k) != zero ? load<V>(b + k) : load<V>(c + k));
        break;
      case Op::mul0: binary<Real>(d, a, b, n, [zero](V x, V y) { return x == zero ? zero : x * y; }); break;
      case Op::div0: binary<Real>(d, a, b, n, [zero](V x, V y) { return y == zero ? zero : x / y; }); break;
      case Op::store:
      case Op::sum: break;
    }
  }
}

}  // namespace

template <class Real>
void runProgram(const RunCall<Real>& call, int64_t count) {
  // Operands are at most 16-bit, but programs are small: the pointer table lives behind the registers in the scratch.
  const int operands = call.registers + call.constantCount + call.inputCount;
  const Real** operand = reinterpret_cast<const Real**>(call.scratch + int64_t{call.registers} * kProgramColumn);
  for (int i = 0; i < call.registers; ++i) operand[i] = call.scratch + int64_t{i} * kProgramColumn;
  for (int i = 0; i < call.constantCount; ++i) operand[call.registers + i] = call.constants[i];
  if (operands == 0) operand[0] = nullptr;  // a program of nothing still names operand 0 in unused words
  for (int64_t from = 0; from < count; from += kProgramColumn) {
    const int64_t n = count - from < kProgramColumn ? count - from : kProgramColumn;
    column(call, operand, from, n);
  }
}

DINF_INSTANTIATE(runProgram)

DINF_MATH_END

// Arithmetic on values, so that a gradient rule reads like its formula.
#pragma once

#include <utility>

#include "keraunos/op.h"

namespace keraunos {

class Formula {
 public:
  Formula(Builder& build, Value value) : build_(&build), value_(std::move(value)) {}

  const Value& value() const { return value_; }
  operator const Value&() const { return value_; }
  Formula apply(const char* op) const { return {*build_, build_->emit1(op, {value_})}; }
  Formula apply(const char* op, const Formula& other) const { return {*build_, build_->emit1(op, {value_, other.value_})}; }
  Formula number(double value) const { return {*build_, build_->constant_like(value, value_)}; }
  // Elementwise: where *this (bool) holds, a, else b.
  Formula choose(const Formula& a, const Formula& b) const { return {*build_, build_->select(value_, a.value_, b.value_)}; }

  friend Formula operator+(const Formula& a, const Formula& b) { return a.apply("add", b); }
  friend Formula operator-(const Formula& a, const Formula& b) { return a.apply("subtract", b); }
  friend Formula operator*(const Formula& a, const Formula& b) { return a.apply("multiply", b); }
  friend Formula operator/(const Formula& a, const Formula& b) { return a.apply("divide", b); }
  friend Formula operator+(const Formula& a, double b) { return a + a.number(b); }
  friend Formula operator-(const Formula& a, double b) { return a - a.number(b); }
  friend Formula operator*(const Formula& a, double b) { return a * a.number(b); }
  friend Formula operator/(const Formula& a, double b) { return a / a.number(b); }
  friend Formula operator+(double a, const Formula& b) { return b.number(a) + b; }
  friend Formula operator-(double a, const Formula& b) { return b.number(a) - b; }
  friend Formula operator*(double a, const Formula& b) { return b.number(a) * b; }
  friend Formula operator/(double a, const Formula& b) { return b.number(a) / b; }
  Formula operator-() const { return apply("negative"); }

 private:
  Builder* build_;
  Value value_;
};

}  // namespace keraunos

// expect: static assertion.*the shapes [34] and [34] differ
template <int A, int B>
int add() {
  static_assert(A == B, "the shapes 3 and 4 differ");
  return A + B;
}
#ifdef TENON_TWIN
int ok = add<4, 4>();
#else
int wrong = add<3, 4>();
#endif

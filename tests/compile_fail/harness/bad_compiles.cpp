// refused: it compiles, and must not
// expect: anything
#ifdef TENON_TWIN
#endif
int fine = 0;

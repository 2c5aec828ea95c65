// refused: 'the shapes differ' is not in the first 10 lines of the error
// expect: the shapes differ
#ifndef TENON_TWIN
int wrong = "text";
#endif

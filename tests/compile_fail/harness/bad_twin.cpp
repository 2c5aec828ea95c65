// refused: the corrected twin does not compile
// expect: some_name
#ifdef TENON_TWIN
int a = another_name;
#else
int a = some_name;
#endif

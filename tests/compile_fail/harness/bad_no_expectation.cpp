// refused: the file has no '// expect: REGEX' line
#ifndef TENON_TWIN
int a = some_name;
#endif

// refused: 'last_name' is not in the first 3 lines of the error
// expect: last_name
// first_lines: 3
#ifndef TENON_TWIN
int a = first_name;
int b = second_name;
int c = last_name;
#endif

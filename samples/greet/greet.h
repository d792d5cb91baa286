/* The library of this sample: its one function. */
#ifndef GREET_H
#define GREET_H

/* Print a greeting for name. */
void greet(const char *name);

#endif

/* mutant — bugs that other load generators have had, each at the place where it would live here, to
 * show that a test would find it.
 *
 * A build with -DMUTANT=n has bug n; in every other build MUTANT_IS(n) is the constant false and
 * nothing is left of it. tests/mutants has the list, and runs the tests on each.
 */
#ifndef SQUALL_STATS_MUTANT_H
#define SQUALL_STATS_MUTANT_H

#ifndef MUTANT
#define MUTANT 0
#endif

#define MUTANT_IS(n) (MUTANT == (n))

#endif

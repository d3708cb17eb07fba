#include "stats/books.h"

void books_give_up(struct books *b, uint64_t count, uint64_t due_ns, uint64_t now_ns)
{
    if (!SQUALL_AUDIT)
        return;
    cell_add(&b->over, count);
    cell_add(&b->over_due_ns, due_ns);
    cell_add(&b->over_at_ns, count * now_ns);
    cell_add(&b->given_up, count);
    cell_add(&b->given_up_ns, count * now_ns - due_ns);
}

void books_view_take(struct books_view *v, const struct books *live)
{
    v->begun += cell_read(&live->begun);
    v->begun_due_ns += cell_read(&live->begun_due_ns);
    v->over += cell_read(&live->over);
    v->over_due_ns += cell_read(&live->over_due_ns);
    v->over_at_ns += cell_read(&live->over_at_ns);
    v->given_up += cell_read(&live->given_up);
    v->given_up_ns += cell_read(&live->given_up_ns);
}

void books_view_add(struct books_view *v, const struct books_view *more)
{
    v->begun += more->begun;
    v->begun_due_ns += more->begun_due_ns;
    v->over += more->over;
    v->over_due_ns += more->over_due_ns;
    v->over_at_ns += more->over_at_ns;
    v->given_up += more->given_up;
    v->given_up_ns += more->given_up_ns;
}

void books_view_since(struct books_view *v, const struct books_view *later,
                      const struct books_view *earlier)
{
    v->begun = later->begun - earlier->begun;
    v->begun_due_ns = later->begun_due_ns - earlier->begun_due_ns;
    v->over = later->over - earlier->over;
    v->over_due_ns = later->over_due_ns - earlier->over_due_ns;
    v->over_at_ns = later->over_at_ns - earlier->over_at_ns;
    v->given_up = later->given_up - earlier->given_up;
    v->given_up_ns = later->given_up_ns - earlier->given_up_ns;
}

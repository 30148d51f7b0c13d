/* SPDX-License-Identifier: ISC */
/* tools/grid.c - an answer in SQL as a table or as JSON lines. Pure.
 *
 * A cell in memory: its kind, its length (4 bytes), its bytes.
 */
#include "tools/grid.h"

#include "tools/human.h"

#include <string.h>

enum {
	HEAD = 5,
	CELL_BYTES = 1024 * 1024,
	ALL_BYTES = 128 * 1024 * 1024,
	LINE_BYTES = 64 * 1024 * 1024,
	GAP = 2,      /* between columns */
	NARROWEST = 4 /* that a column is cut to */
};

struct cell {
	uint8_t kind;
	struct view text;
};

void
grid_init(struct grid *g)
{
	memset(g, 0, sizeof(*g));
	buf_init(&g->part, CELL_BYTES);
	buf_init(&g->cells, ALL_BYTES);
}

void
grid_free(struct grid *g)
{
	buf_free(&g->part);
	buf_free(&g->cells);
}

static void
keep(struct grid *g)
{
	struct view v = buf_view(&g->part);
	uint32_t len = (uint32_t)v.len;
	char head[HEAD] = { (char)g->kind };

	memcpy(head + 1, &len, sizeof(len));
	buf_add(&g->cells, view_make(head, sizeof(head)));
	buf_add(&g->cells, v);
	buf_clear(&g->part);
}

/* A number is written as it came: it must be one. */
static bool
is_number(struct view v)
{
	for (size_t i = 0; i < v.len; i++)
		if (!ascii_is_digit(v.data[i]) &&
		    memchr("+-.eE", v.data[i], 5) == NULL)
			return false;
	return v.len > 0 && ascii_is_digit(v.data[v.len - 1]);
}

static bool
is_fine(const struct grid *g, uint8_t kind)
{
	if (!g->named)
		return kind == SQL_NAME && g->column < GRID_COLUMNS_MAX;
	return kind > SQL_NAME && kind <= SQL_BYTES && g->column < g->ncolumns;
}

bool
grid_cell(struct grid *g, const struct msg_sql_cell *m)
{
	bool last = (m->flags & SQL_LAST) != 0;

	if (!is_fine(g, m->kind) || (g->inside && m->kind != g->kind))
		return false;
	g->kind = m->kind;
	buf_add_string(&g->part, m->text);
	g->inside = (m->flags & SQL_GOES_ON) != 0;
	if (g->inside)
		return buf_ok(&g->part);
	if (!buf_ok(&g->part) ||
	    (m->kind == SQL_NUMBER && !is_number(buf_view(&g->part))))
		return false;
	keep(g);
	g->column++;
	if (!last)
		return buf_ok(&g->cells);
	if (!g->named) {
		g->named = true;
		g->ncolumns = g->column;
		g->rows_at = g->cells.len;
	}
	if (g->column != g->ncolumns)
		return false;
	g->column = 0;
	return buf_ok(&g->cells);
}

/* The cell at *at, which moves behind it; false: there is none. */
static bool
next(const struct grid *g, size_t *at, struct cell *c)
{
	uint32_t len;

	if (*at >= g->cells.len)
		return false;
	c->kind = (uint8_t)g->cells.data[*at];
	memcpy(&len, g->cells.data + *at + 1, sizeof(len));
	c->text = view_make(g->cells.data + *at + HEAD, len);
	*at += HEAD + len;
	return true;
}

static void
find_names(struct grid *g)
{
	struct cell c;
	size_t at = 0;

	for (size_t i = 0; i < g->ncolumns && next(g, &at, &c); i++)
		g->names[i] = c.text;
}

static size_t
show(struct buf *out, const struct cell *c, size_t width, bool utf8)
{
	if (c->kind == SQL_NULL)
		return human_text(out, view_of("-"), width, utf8);
	return human_text(out, c->text, width, utf8);
}

static void
measure(struct grid *g, bool utf8)
{
	struct buf scratch;
	struct cell c;
	size_t at = 0, width;

	buf_init(&scratch, LINE_BYTES);
	for (size_t i = 0; next(g, &at, &c); i = (i + 1) % g->ncolumns) {
		buf_clear(&scratch);
		width = show(&scratch, &c, 0, utf8);
		if (width > g->widths[i])
			g->widths[i] = width;
	}
	buf_free(&scratch);
}

/* The widest columns give way first. */
static void
squeeze(struct grid *g, size_t room)
{
	size_t sum, widest;

	for (;;) {
		sum = GAP * (g->ncolumns - 1);
		widest = 0;
		for (size_t i = 0; i < g->ncolumns; i++) {
			sum += g->widths[i];
			if (g->widths[i] > g->widths[widest])
				widest = i;
		}
		if (sum <= room || g->widths[widest] <= NARROWEST)
			return;
		g->widths[widest]--;
		g->narrow[widest] = true;
	}
}

static void
pad(struct buf *out, size_t columns)
{
	buf_printf(out, "%*s", (int)columns, "");
}

/* Numbers stand at the right; behind the last column there are no blanks. */
static void
table_cell(struct buf *line, const struct grid *g, size_t i,
    const struct cell *c, bool utf8)
{
	size_t used;
	size_t most = g->narrow[i] ? g->widths[i] : 0;
	bool last = i + 1 == g->ncolumns;
	struct buf text;

	if (c->kind != SQL_NUMBER) {
		used = show(line, c, most, utf8);
		if (!last)
			pad(line, g->widths[i] - used + GAP);
		return;
	}
	buf_init(&text, LINE_BYTES);
	used = show(&text, c, most, utf8);
	pad(line, g->widths[i] - used);
	buf_add(line, buf_view(&text));
	buf_free(&text);
	if (!last)
		pad(line, GAP);
}

void
grid_table(struct grid *g, size_t width, bool utf8, grid_line *put, void *arg)
{
	struct buf line;
	struct cell c;
	size_t at = 0;
	bool more = g->named;

	find_names(g);
	if (g->named)
		measure(g, utf8);
	if (width > 0 && g->named)
		squeeze(g, width);
	buf_init(&line, LINE_BYTES);
	while (more && at < g->cells.len) {
		buf_clear(&line);
		for (size_t i = 0; i < g->ncolumns && next(g, &at, &c); i++)
			table_cell(&line, g, i, &c, utf8);
		buf_add_string(&line, "\n");
		more = put(arg, buf_view(&line));
	}
	buf_free(&line);
}

/* A name that an earlier column has, too, is told apart by its place. */
static void
json_name(struct buf *line, const struct grid *g, size_t i)
{
	struct buf name;
	bool again = false;

	for (size_t k = 0; k < i; k++)
		again = again || view_eq(g->names[k], g->names[i]);
	if (!again) {
		human_json(line, g->names[i]);
		return;
	}
	buf_init(&name, LINE_BYTES);
	buf_add(&name, g->names[i]);
	buf_printf(&name, ":%zu", i + 1);
	human_json(line, buf_view(&name));
	buf_free(&name);
}

static void
json_cell(struct buf *line, const struct cell *c)
{
	if (c->kind == SQL_NULL)
		buf_add_string(line, "null");
	else if (c->kind == SQL_NUMBER)
		buf_add(line, c->text);
	else
		human_json(line, c->text);
}

void
grid_json(struct grid *g, grid_line *put, void *arg)
{
	struct buf line;
	struct cell c;
	size_t at = g->rows_at;
	bool more = g->named;

	find_names(g);
	buf_init(&line, LINE_BYTES);
	while (more && at < g->cells.len) {
		buf_clear(&line);
		for (size_t i = 0; i < g->ncolumns && next(g, &at, &c); i++) {
			buf_add_string(&line, i == 0 ? "{" : ",");
			json_name(&line, g, i);
			buf_add_string(&line, ":");
			json_cell(&line, &c);
		}
		buf_add_string(&line, "}\n");
		more = put(arg, buf_view(&line));
	}
	buf_free(&line);
}

/* A row of a depthwise convolution with a stride of 2. */
#define NAME tnf_depthwise_3x3_row_2
#include "tnf_depthwise_row.h"

.macro middle sum
    value P0
    more \sum, W01
    value P1
    more \sum, W11
    value P2
    more \sum, W21
.endm

/* A column is the last one of `last` and the first one of `first`. */
.macro column form, last, first
    value P0
    more \last, W02
    begin \first, W00
    value P1
    more \last, W12
    more \first, W10
    value P2
    more \last, W22
    more \first, W20
    finish \form, \last
.endm

/* The first column ends no output. */
.macro columns form
    value P0
    begin A, W00
    value P1
    more A, W10
    value P2
    more A, W20
.Lcolumn_\form:
    middle A
    column \form, A, B
    beq OUT, END, .Ldone
    middle B
    column \form, B, A
    bne OUT, END, .Lcolumn_\form
.endm

    bltz MULTIPLIER, .Lexact
    columns short_form
.Ldone:
    next_channel
.Lexact:
    columns exact_form
    j .Ldone
    .size NAME, . - NAME

/* A row of a depthwise convolution with a stride of 1. */
#define NAME tnf_depthwise_3x3_row_1
#include "tnf_depthwise_row.h"

/* A column is the last one of `last`, the middle one of `middle` and the first one of `first`. */
.macro column form, last, middle, first
    value P0
    more \last, W02
    more \middle, W01
    begin \first, W00
    value P1
    more \last, W12
    more \middle, W11
    more \first, W10
    value P2
    more \last, W22
    more \middle, W21
    more \first, W20
    finish \form, \last
.endm

/* The first two columns end no output. */
.macro columns form
    value P0
    begin A, W00
    value P1
    more A, W10
    value P2
    more A, W20
    value P0
    more A, W01
    begin B, W00
    value P1
    more A, W11
    more B, W10
    value P2
    more A, W21
    more B, W20
.Lcolumn_\form:
    column \form, A, B, C
    beq OUT, END, .Ldone
    column \form, B, C, A
    beq OUT, END, .Ldone
    column \form, C, A, B
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

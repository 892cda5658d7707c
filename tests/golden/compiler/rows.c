/* rows: a model compiled by tinyflow 0.1.0. Do not edit; rows.h says how to renew it.
 *
 * The tensor arena, 1344 bytes. A tensor lives from the layer that writes it to the last
 * layer that reads it; "-" is a reshape, which moves nothing.
 *
 *   offset     size  from    to     tensor
 *      536      384  start   0      input 0
 *        0     1024  0       3      CONV_2D 3
 *        0     1024  3       7      ADD 10
 *        0      512  7       end    ADD 20
 *     1024       72  0       0      scratch of layer 0
 *     1024      192  3       3      3 rows of CONV_2D 6
 *     1216       64  3       3      1 row of CONV_2D 9
 *     1024      192  7       7      3 rows of CONV_2D 13
 *     1216       64  7       7      1 row of CONV_2D 16
 *     1280       64  7       7      1 row of CONV_2D 19
 */
/* Layer 0 by rows, over its input. Input rows are copied into a ring before the output's overwrite them. */
static void layer_0_by_rows(int8_t *arena, const tnf_observer_t *observer)
{
    tnf_ring_t copy = tnf_ring(arena + 1024, 24, 3);
    for (int32_t row = 0; row < 16; row++) {
        tnf_ring_copy(&copy, arena + 536, tnf_rows_until(16, row + 2));
        /* 0  CONV_2D CONV_2D 3: [1, 16, 8, 3] -> [1, 16, 8, 8], 27648 MACs */
        int8_t *output = arena + 0 + row * 64;
        tnf_conv_2d_rows_s8(&layer_0, &copy.rows, row, row + 1, output);
    }
    tnf_observe(observer, 0, 1024, 0, arena + 0, 1024);
}

/* Layers 1 to 3 by rows, each as far as the next ones need it; a ring keeps the last rows of a tensor. */
static void layers_1_to_3(int8_t *arena, const tnf_observer_t *observer)
{
    const tnf_rows_t input = {arena + 0, 64, 16, 0};
    tnf_ring_t rows_1 = tnf_ring(arena + 1024, 64, 3);
    tnf_ring_t rows_2 = tnf_ring(arena + 1216, 64, 1);
    for (int32_t row = 0; row < 16; row++) {
        /* 1  CONV_2D CONV_2D 6: [1, 16, 8, 8] -> [1, 16, 8, 8], 73728 MACs */
        while (rows_1.end < tnf_rows_until(16, row + 2)) {
            const int32_t y = rows_1.end;
            int8_t *output = tnf_ring_next(&rows_1);
            tnf_conv_2d_rows_s8(&layer_1, &input, y, y + 1, output);
            tnf_observe(observer, 1, 1024, (uint32_t)y * 64, output, 64);
        }
        /* 2  CONV_2D CONV_2D 9: [1, 16, 8, 8] -> [1, 16, 8, 8], 73728 MACs */
        while (rows_2.end < row + 1) {
            const int32_t y = rows_2.end;
            int8_t *output = tnf_ring_next(&rows_2);
            tnf_conv_2d_rows_s8(&layer_2, &rows_1.rows, y, y + 1, output);
            tnf_observe(observer, 2, 1024, (uint32_t)y * 64, output, 64);
        }
        /* 3  ADD ADD 10: [1, 16, 8, 8], [1, 16, 8, 8] -> [1, 16, 8, 8] */
        int8_t *output = arena + 0 + row * 64;
        tnf_add_s8(&layer_3, tnf_row(&rows_2.rows, row), tnf_row(&input, row), output);
        tnf_observe(observer, 3, 1024, (uint32_t)row * 64, output, 64);
    }
}

/* Layers 4 to 7 by rows, each as far as the next ones need it; a ring keeps the last rows of a tensor. */
static void layers_4_to_7(int8_t *arena, const tnf_observer_t *observer)
{
    const tnf_rows_t input = {arena + 0, 64, 16, 0};
    tnf_ring_t rows_4 = tnf_ring(arena + 1024, 64, 3);
    tnf_ring_t rows_5 = tnf_ring(arena + 1216, 64, 1);
    tnf_ring_t rows_6 = tnf_ring(arena + 1280, 64, 1);
    for (int32_t row = 0; row < 8; row++) {
        /* 4  CONV_2D CONV_2D 13: [1, 16, 8, 8] -> [1, 8, 4, 16], 36864 MACs */
        while (rows_4.end < tnf_rows_until(8, row + 2)) {
            const int32_t y = rows_4.end;
            int8_t *output = tnf_ring_next(&rows_4);
            tnf_conv_2d_rows_s8(&layer_4, &input, y, y + 1, output);
            tnf_observe(observer, 4, 512, (uint32_t)y * 64, output, 64);
        }
        /* 5  CONV_2D CONV_2D 16: [1, 8, 4, 16] -> [1, 8, 4, 16], 73728 MACs */
        while (rows_5.end < row + 1) {
            const int32_t y = rows_5.end;
            int8_t *output = tnf_ring_next(&rows_5);
            tnf_conv_2d_rows_s8(&layer_5, &rows_4.rows, y, y + 1, output);
            tnf_observe(observer, 5, 512, (uint32_t)y * 64, output, 64);
        }
        /* 6  CONV_2D CONV_2D 19: [1, 16, 8, 8] -> [1, 8, 4, 16], 4096 MACs */
        while (rows_6.end < row + 1) {
            const int32_t y = rows_6.end;
            int8_t *output = tnf_ring_next(&rows_6);
            tnf_conv_2d_rows_s8(&layer_6, &input, y, y + 1, output);
            tnf_observe(observer, 6, 512, (uint32_t)y * 64, output, 64);
        }
        /* 7  ADD ADD 20: [1, 8, 4, 16], [1, 8, 4, 16] -> [1, 8, 4, 16] */
        int8_t *output = arena + 0 + row * 64;
        tnf_add_s8(&layer_7, tnf_row(&rows_5.rows, row), tnf_row(&rows_6.rows, row), output);
        tnf_observe(observer, 7, 512, (uint32_t)row * 64, output, 64);
    }
}

void rows_invoke(int8_t *arena, const tnf_observer_t *observer)
{
    /* 0  by rows, over its input */
    layer_0_by_rows(arena, observer);
    /* 1  layers 1 to 3 by rows */
    layers_1_to_3(arena, observer);
    /* 4  layers 4 to 7 by rows */
    layers_4_to_7(arena, observer);
}

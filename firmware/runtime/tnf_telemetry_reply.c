/* How the telemetry is told: asked for, or as a heartbeat. */
#include "tnf_port.h"
#include "tnf_replies.h"
#include "tnf_tensor.h"

typedef struct facts_of_telemetry {
    tnf_port_health_t health;
    uint32_t arena_bytes;
    uint32_t first; /* bucket of the histogram that is told */
    tnf_span_t histogram;
    tnf_span_t classes;
    tnf_span_t confidence;
    tnf_span_t sketches;
    tnf_span_t edges;
    tnf_reference_t reference; /* all below is there where the firmware has one */
} facts_of_telemetry_t;

static const TNF_FLASH tnf_row_t telemetry_rows[] = {
    TNF_ROWS_REPLY(TELEMETRY_REPLY),
    TNF_ROW_SESSION(INFERENCES, telemetry.inferences),
    TNF_ROW_SESSION(COUNT, telemetry.last),
    TNF_ROW_SESSION(COUNT_MIN, telemetry.min),
    TNF_ROW_SESSION(COUNT_MAX, telemetry.max),
    TNF_ROW_SESSION(DEADLINE, telemetry.deadline),
    TNF_ROW_SESSION(DEADLINE_MISSES, telemetry.deadline_misses),
    TNF_ROW_SESSION(CLASS_OTHER, telemetry.classes_other),
    TNF_ROW_FACT(ARENA_BYTES, facts_of_telemetry_t, arena_bytes),
    TNF_ROW_FACT(STACK_BYTES, facts_of_telemetry_t, health.stack_bytes),
    TNF_ROW_FACT(STACK_USED_BYTES, facts_of_telemetry_t, health.stack_used_bytes),
    TNF_ROW_FACT(HEAP_FREE_BYTES, facts_of_telemetry_t, health.heap_free_bytes),
    TNF_ROW_FACT(RESET_REASON, facts_of_telemetry_t, health.reset_reason),
    TNF_ROW_FACT(UPTIME_MS, facts_of_telemetry_t, health.uptime_ms),
    TNF_ROW_SESSION(FRAMES_DAMAGED, frames_damaged),
    TNF_ROW_FACT(HISTOGRAM_FIRST, facts_of_telemetry_t, first),
    TNF_ROW_SESSION(COUNT_TOTAL, telemetry.total),
    TNF_ROW_FACT(HISTOGRAM, facts_of_telemetry_t, histogram),
    TNF_ROW_FACT(CLASS_COUNTS, facts_of_telemetry_t, classes),
    TNF_ROW_FACT(CONFIDENCE, facts_of_telemetry_t, confidence),
    TNF_ROW_FACT(SKETCH_STATES, facts_of_telemetry_t, sketches),
    TNF_ROW_FACT(SKETCH_EDGES, facts_of_telemetry_t, edges),
    TNF_ROW_FACT(SKETCH_SCALE, facts_of_telemetry_t, reference.scale),
    TNF_ROW_FACT(SKETCH_ZERO, facts_of_telemetry_t, reference.zero),
    TNF_ROW_FACT(DRIFT_WINDOW, facts_of_telemetry_t, reference.window),
    TNF_ROW_SESSION(DRIFT_WINDOWS, telemetry.drift.windows),
    TNF_ROW_SESSION(DRIFT_ALARMS, telemetry.drift.alarms),
    TNF_ROW_SESSION(DRIFT_INPUT, telemetry.drift.input_score),
    TNF_ROW_FACT(DRIFT_INPUT_LIMIT, facts_of_telemetry_t, reference.input_limit),
    TNF_ROW_SESSION(DRIFT_OUTPUT, telemetry.drift.output_score),
    TNF_ROW_FACT(DRIFT_OUTPUT_LIMIT, facts_of_telemetry_t, reference.output_limit),
};

/* The rows of what only a firmware with a reference knows. */
#define REFERENCE_ROWS 12

void tnf_send_telemetry(tnf_session_t *session, bool asked)
{
    tnf_telemetry_t *telemetry = &session->telemetry;
    const TNF_FLASH tnf_model_t *model = session->config->model;
    uint32_t classes = tnf_tensor_values(model->outputs);
    uint32_t last = TNF_HISTOGRAM_BUCKETS;
    facts_of_telemetry_t facts;
    while (last > 0 && telemetry->histogram[last - 1] == 0) {
        --last;
    }
    facts.first = 0;
    while (facts.first < last && telemetry->histogram[facts.first] == 0) {
        ++facts.first;
    }
    facts.histogram.data = telemetry->histogram + facts.first;
    facts.histogram.size = last - facts.first;
    facts.classes.data = telemetry->classes;
    facts.classes.size = classes < TNF_CLASSES ? classes : TNF_CLASSES;
    size_t rows = TNF_ROWS(telemetry_rows) - REFERENCE_ROWS;
    bool few = telemetry->drift.untold > 0 && telemetry->drift.untold < TNF_SKETCH_INFERENCES;
    if (session->config->reference != NULL) {
        facts.reference = *session->config->reference;
        uint32_t sketches = few ? 0 : facts.reference.sketches;
        facts.confidence.data = telemetry->confidence;
        facts.confidence.size = TNF_CONFIDENCE_BINS;
        facts.sketches.data = telemetry->drift.sketches;
        facts.sketches.size = (uint32_t)sizeof(tnf_sketch_t) * sketches;
        facts.edges.data = facts.reference.edges;
        facts.edges.size = (uint32_t)sizeof facts.reference.edges[0] * sketches;
        rows += REFERENCE_ROWS;
    }
    facts.arena_bytes = model->arena_bytes;
    tnf_port_health(&facts.health);
    session->unasked = asked ? 0 : 1;
    if (tnf_send(session, telemetry_rows, rows, &facts) && !few) {
        telemetry->drift.untold = 0;
    }
    session->unasked = 0;
}

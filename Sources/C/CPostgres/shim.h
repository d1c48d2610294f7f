#pragma once
#include <libpq-fe.h>

// libpq's diagnostic field codes are character macros, which Swift does not import.
static inline int postgres_field_sqlstate(void) { return PG_DIAG_SQLSTATE; }
static inline int postgres_field_message(void) { return PG_DIAG_MESSAGE_PRIMARY; }
static inline int postgres_field_detail(void) { return PG_DIAG_MESSAGE_DETAIL; }
static inline int postgres_field_hint(void) { return PG_DIAG_MESSAGE_HINT; }
static inline int postgres_field_context(void) { return PG_DIAG_CONTEXT; }
static inline int postgres_field_constraint(void) { return PG_DIAG_CONSTRAINT_NAME; }

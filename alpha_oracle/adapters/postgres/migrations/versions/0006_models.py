"""Trained models and their stages, what they forecast and why, and how they fare.

The registry's rows are small and few; a model's files lie beside the database, known here by
their SHA-256. What stages a model went through is written once and stands. A model activated
twice has two predecessors: each return to one of them takes the newest away.
"""

from alembic import op

revision = "0006_models"
down_revision = "0005_walk_forward"
branch_labels = None
depends_on = None

MODELS = (
    """
    CREATE TABLE models (
        model_id text COLLATE "C" PRIMARY KEY,
        stage text NOT NULL CHECK (stage IN ('candidate', 'active', 'retired')),
        trained_at timestamptz NOT NULL,
        train_start date NOT NULL,
        train_end date NOT NULL CHECK (train_end >= train_start),
        as_of timestamptz NOT NULL,
        code_version text NOT NULL,
        parameters json NOT NULL,
        feature_names text[] NOT NULL,
        feature_hashes text[] NOT NULL,
        feature_known double precision[] NOT NULL,
        validation json NOT NULL,
        refusals text[] NOT NULL,
        window_keys text[] NOT NULL,
        terms_key text NOT NULL,
        files json NOT NULL,
        activated_at timestamptz,
        predecessors text[] NOT NULL DEFAULT '{}',
        CONSTRAINT models_activation_is_told CHECK (
            stage = 'candidate' OR activated_at IS NOT NULL
        )
    )
    """,
    "CREATE UNIQUE INDEX models_one_active ON models (stage) WHERE stage = 'active'",
)

CHANGES = (
    """
    CREATE TABLE model_changes (
        change_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        model_id text COLLATE "C" NOT NULL REFERENCES models,
        stage text NOT NULL CHECK (stage IN ('candidate', 'active', 'retired')),
        changed_at timestamptz NOT NULL,
        changed_by text NOT NULL,
        reason text NOT NULL
    )
    """,
    """
    CREATE FUNCTION refuse_to_change_model_changes() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'model_changes is append-only: % refused', TG_OP;
    END
    $$
    """,
    """
    CREATE TRIGGER model_changes_is_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON model_changes
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_change_model_changes()
    """,
)

FORECASTS = (
    """
    CREATE TABLE predictions (
        model_id text COLLATE "C" NOT NULL,
        session date NOT NULL,
        symbol text COLLATE "C" NOT NULL,
        down double precision NOT NULL CHECK (down BETWEEN 0 AND 1),
        neutral double precision NOT NULL CHECK (neutral BETWEEN 0 AND 1),
        up double precision NOT NULL CHECK (up BETWEEN 0 AND 1),
        predicted_at timestamptz NOT NULL,
        PRIMARY KEY (model_id, session, symbol)
    )
    """,
    """
    CREATE TABLE signal_explanations (
        signal_id text PRIMARY KEY,
        model_id text COLLATE "C" NOT NULL,
        forecast smallint NOT NULL CHECK (forecast BETWEEN 0 AND 2),
        confidence double precision NOT NULL CHECK (confidence BETWEEN 0 AND 1),
        features text[] NOT NULL,
        feature_values double precision[] NOT NULL,
        contributions double precision[] NOT NULL
    )
    """,
)

HEALTH = (
    """
    CREATE TABLE model_health (
        model_id text COLLATE "C" NOT NULL,
        session date NOT NULL,
        features text[] NOT NULL,
        psi double precision[] NOT NULL,
        ks double precision[] NOT NULL,
        known_fraction double precision[] NOT NULL,
        outcomes integer NOT NULL CHECK (outcomes >= 0),
        accuracy double precision CHECK (accuracy BETWEEN 0 AND 1),
        baseline_accuracy double precision CHECK (baseline_accuracy BETWEEN 0 AND 1),
        log_loss double precision,
        calibration_error double precision,
        breaches text[] NOT NULL,
        watched_at timestamptz NOT NULL,
        PRIMARY KEY (model_id, session)
    )
    """,
    "CREATE INDEX model_health_newest ON model_health (session DESC, model_id)",
)

RUNS = ("ALTER TABLE runs ADD COLUMN model_id text",)


def upgrade() -> None:
    for statement in (*MODELS, *CHANGES, *FORECASTS, *HEALTH, *RUNS):
        op.execute(statement)

"""Rows as an installation holds them at each version of the schema, in that version's own SQL."""

BARS = """
INSERT INTO symbols (symbol) VALUES ('AAPL'), ('BRK.B');
INSERT INTO bar_batches (source, basis, adjusted_through, stored_at) VALUES
    ('files', 'raw', NULL, '2016-06-01 21:00:05+00'),
    ('ibkr', 'split_adjusted', '2016-06-02', '2016-06-02 21:00:05.123456+00');
INSERT INTO bars (symbol_id, session, known_at, open, high, low, close, volume, batch_id) VALUES
    (1, '2016-06-01', '2016-06-01 20:00+00', 99.02, 99.54, 98.33, 98.46, 29173285, 1),
    (1, '2016-06-02', '2016-06-02 20:00+00', 97.6, 97.84, 96.63, 97.72, 40191600, 2),
    (2, '2016-06-01', '2016-06-01 20:00+00', 140.25, 141.3, 139.9, 0.1 + 0.2 + 140, 3.3e6, 1);
INSERT INTO bar_revisions VALUES
    (1, '2016-06-01', '2016-06-03 12:00+00', 99.02, 99.54, 98.33, 98.47, 29173286, 2, 1);
"""

RECORDS = """
INSERT INTO index_members VALUES
    ('AAPL', '1982-11-30', NULL, NULL, NULL, '2016-06-01 10:00+00'),
    ('TWX', '1996-10-10', '2018-06-15', '2018-06-15 12:00+00', NULL, '2018-06-16 10:00+00'),
    ('TWX', '1996-10-09', NULL, NULL, '2018-06-15 12:00+00', '2016-06-01 10:00+00');
INSERT INTO sectors (symbol, sector, start_session, end_session, imported_at) VALUES
    ('AAPL', 'Technology', NULL, NULL, '2016-06-01 10:00+00');
INSERT INTO corporate_actions VALUES
    ('AAPL', '2014-06-09', 'split', 0, 7, 'import', '2014-06-09 13:30+00', '2016-06-01 10:00+00'),
    ('AAPL', '2016-05-05', 'dividend', 1, 0.57, 'av', '2016-05-05 13:30+00', '2016-06-01 10:00+00');
INSERT INTO quarantined_bars (symbol, session, source, received, received_digest, expectations,
    detail, quarantined_at, status, resolved_by, resolved_at, reason) VALUES
    ('GE', '2016-06-01', 'files', '{"close": "1e9"}', 'a1', '{jump}', 'close 1e9 after 30.1',
     '2016-06-01 21:00+00', 'held', NULL, NULL, NULL),
    ('GE', 'not a day', 'files', '{}', 'a2', '{session,close}', 'no close',
     '2016-06-01 21:00+00', 'released', 'cli:jane', '2016-06-02 09:00+00', 'looked at it');
INSERT INTO signals VALUES
    ('5e1f', '2016-06-01', 'MomentumStrategy', 'AAPL', 'LONG', '{"event": "signal:generated"}',
     '2016-06-01 21:10+00');
INSERT INTO outbox (channel, message_id, document, created_at, relayed_at) VALUES
    ('signals', '5e1f', '{"event": "signal:generated"}', '2016-06-01 21:10+00',
     '2016-06-01 21:10:01+00'),
    ('risk', 'c1:0', '{"event": "risk:alert"}', '2016-06-01 21:11+00', '2016-06-01 21:11:01+00'),
    ('risk', 'c2:0', '{"event": "risk:alert"}', '2016-06-01 21:12+00', NULL);
INSERT INTO rankings (session, strategy, rank, composite, consistency, windows, refusals, sessions,
    trades, total_return_pct, sharpe, sortino, max_drawdown_pct, profit_factor, win_rate,
    avg_win_loss_ratio, exposure_pct, turnover, costs_usd, ranked_at) VALUES
    ('2016-06-01', 'MomentumStrategy', 1, 0.61, 0.4, 8, '{}', 504, 120, 31.5, 1.2, 1.9, 9.1, 1.7,
     0.55, 1.4, 88, 3.1, 412.25, '2016-06-01 21:09+00'),
    ('2016-06-01', 'Quiet', 2, 0, 0, 8, '{"no trades"}', 504, 0, 0, NULL, NULL, 0, NULL, NULL,
     NULL, 0, 0, 0, '2016-06-01 21:09+00');
INSERT INTO runs (session, symbols, as_of, settings, status, error, summary, attempts,
    first_started_at, started_at, finished_at) VALUES
    ('2016-06-01', '{}', '2016-06-01 21:00+00', '{"b": 1.0,  "a": [1, 2]}', 'done', NULL,
     '{"signals": 1}', 2, '2016-06-01 21:00:02+00', '2016-06-01 21:05+00', '2016-06-01 21:10+00'),
    ('2016-06-02', '{AAPL}', '2016-06-02 21:00+00', '{}', 'failed', 'half the bars', NULL, 1,
     '2016-06-02 21:00:02+00', '2016-06-02 21:00:02+00', '2016-06-02 21:03+00');
INSERT INTO audit_log (at, actor, action, subject, detail) VALUES
    ('2016-06-02 09:00+00', 'cli:jane', 'quarantine_released', 'GE', '{"reason": "looked"}');
"""

VENDORS = """
INSERT INTO request_log VALUES ('alpha_vantage:9f', '2016-06-01 21:00:01.5+00');
INSERT INTO closed_request_days VALUES ('alpha_vantage:9f', '2016-06-01', '2016-06-01 22:00+00');
INSERT INTO vendor_answers VALUES
    ('alpha_vantage:9f', 'BALANCE_SHEET AAPL', '\\x1f8b00ff', '2016-06-01 21:00+00');
INSERT INTO vendor_capabilities VALUES
    ('alpha_vantage:9f', 'adjusted', false, '2016-06-01 21:00+00');
INSERT INTO vendor_listings VALUES
    ('ibkr', 'AAPL', '265598', 'APPLE INC', '2016-06-01 21:00+00', '2016-06-02 21:00+00');
UPDATE bar_batches SET reason = 'the first source lacked it' WHERE source = 'ibkr';
"""

REFERENCE = """
INSERT INTO fact_origins (symbol, source) VALUES ('AAPL', 'edgar');
INSERT INTO fact_documents (origin_id, document, filed_at)
    VALUES (1, '0000320193-16-000059', '2016-04-27 20:31:05+00');
INSERT INTO fact_figures (item, period_end, period_start)
    VALUES ('assets', '2016-03-26', '-infinity'), ('revenue', '2016-03-26', '2015-12-27');
INSERT INTO facts VALUES
    (305277000000, '2016-06-01 10:00+00', 1, 1, 1), (50557000000, '2016-06-01 10:00+00', 1, 1, 2);
INSERT INTO fact_corrections VALUES
    (50557000001, '2016-07-01 10:00+00', 1, 1, 2, '2016-07-01 09:00+00', 1);
INSERT INTO ownership_filings VALUES
    ('AAPL', '0001-16-1', '4', '2016-05-31', '2016-06-01', NULL, 'edgar', '2016-06-01 20:00+00',
     '2016-06-01 21:00+00');
INSERT INTO ownership_owners VALUES
    ('AAPL', '0001-16-1', 0, '0001214156', 'COOK TIMOTHY D', true, true, false, 'CEO');
INSERT INTO ownership_transactions VALUES
    ('AAPL', '0001-16-1', 0, 1, '2016-05-31', 'S', false, false, 1000, 99.5, 900000.25, true, NULL);
INSERT INTO short_interest VALUES
    ('AAPL', '2016-05-13', 0, 61e6, NULL, 'finra', '2016-05-25 13:30+00', '2016-06-01 10:00+00');
INSERT INTO index_levels VALUES
    ('VIX', '2016-06-01', 0, 14.6, 15.4, 14.1, 14.2, 'cboe', '2016-06-01 20:15+00',
     '2016-06-01 21:00+00');
INSERT INTO reference_fetches VALUES
    ('insiders', 'edgar', 'AAPL', '2016-06-01 21:00+00', '2003-05-05');
INSERT INTO refused_rows (family, source, subject, reason, received, digest, refused_at) VALUES
    ('fundamentals', 'edgar', 'AAPL', 'no unit', '{"item": "assets"}', 'd1', '2016-06-01 21:00+00');
UPDATE sectors SET known_at = '2016-06-01 10:00+00';
"""

WALK_FORWARD = """
INSERT INTO walk_forward_windows VALUES
    ('k1', 'MomentumStrategy', '2012-01-03', '2014-01-02', '2014-06-30',
     '{"entry_fraction": 0.1}', '{0.5,1.25}', 40, 0.5, 1.2, 0.04, 3.25,
     '{2014-01-02,2014-01-03}', '{0.001,-0.002}', '{0.5,0.6}', '{0.1,0}', '{1.5,0}', '{0,0}',
     '{AAPL}', '{2014-01-02}', '{2014-01-10}', '{12}', '{950.5}', '{20.25}', '{1}', '{0,3}',
     '2016-06-01 21:07+00');
INSERT INTO trials VALUES
    ('t1', 'MomentumStrategy', '{"entry_fraction": 0.1}', NULL, '2016-06-01 21:00+00',
     '2016-06-02 21:00+00');
UPDATE rankings SET parameters = '{"entry_fraction":  0.1}', sharpe_low = 0.2, sharpe_high = 2.1,
    deflated_sharpe = 0.93, trials = 4, coverage_pct = 97.5, benchmark_return_pct = 12,
    alpha_pct = 4, beta = 0.8 WHERE rank = 1;
"""

MODELS = """
INSERT INTO models VALUES
    ('2016-05-29-aaaaaaaa', 'active', '2016-05-29 06:00+00', '2012-01-03', '2016-05-27',
     '2016-05-27 21:00+00', '0.1.0', '{"depth": 4}', '{momentum_12_1}', '{h1}', '{0.99}',
     '{"accuracy": 0.41}', '{}', '{k1}', 'terms', '{"model.ubj": "5f"}', '2016-05-29 06:01+00',
     '{}');
INSERT INTO model_changes (model_id, stage, changed_at, changed_by, reason) VALUES
    ('2016-05-29-aaaaaaaa', 'active', '2016-05-29 06:01+00', 'system', 'passed the gate');
INSERT INTO predictions VALUES
    ('2016-05-29-aaaaaaaa', '2016-06-01', 'AAPL', 0.1, 0.3, 0.6, '2016-06-01 21:06+00');
INSERT INTO signal_explanations VALUES
    ('5e1f', '2016-05-29-aaaaaaaa', 2, 0.6, '{momentum_12_1}', '{0.12}', '{0.7}');
INSERT INTO model_health VALUES
    ('2016-05-29-aaaaaaaa', '2016-06-01', '{momentum_12_1}', '{0.05}', '{0.1}', '{1}', 510, 0.4,
     0.38, 1.05, 0.03, '{}', '2016-06-01 21:10+00');
UPDATE runs SET model_id = '2016-05-29-aaaaaaaa' WHERE status = 'done';
"""

SIMULATED = """
INSERT INTO simulated_accounts VALUES ('paper', 98001.5, '2016-06-01 13:00+00');
INSERT INTO simulated_positions VALUES ('paper', 'AAPL', 20, 97.72);
INSERT INTO simulated_orders (account, order_id, symbol, side, quantity, limit_price, session,
    received_at, cancel_asked_at, status, filled_quantity, notional_usd, commission_usd, executions,
    reason) VALUES
    ('paper', 'o1', 'AAPL', 'BUY', 20, 99.9, '2016-06-02', '2016-06-02 13:36+00', NULL, 'FILLED',
     20, 1997.5, 1, 1, ''),
    ('paper', 'o2', 'BRK.B', 'BUY', 5, NULL, '2016-06-02', '2016-06-02 13:37+00',
     '2016-06-02 13:38+00', 'SUBMITTED', 0, 0, 0, 0, '');
INSERT INTO simulated_executions (account, execution_id, order_id, symbol, side, quantity, price,
    commission, executed_at, session, is_commission_told) VALUES
    ('paper', 'o1-1', 'o1', 'AAPL', 'BUY', 20, 99.875, 1.00, '2016-06-02 13:36:01+00', '2016-06-02',
     true);
INSERT INTO simulated_events (account, kind, happened_at, order_id, execution_id,
    is_commission_told, reason) VALUES
    ('paper', 'FILLED', '2016-06-02 13:36:01+00', 'o1', 'o1-1', true, '');
INSERT INTO simulated_actions VALUES
    ('paper', 'AAPL', '2016-08-04', 'dividend', 0.57, 20, 20, 11.4, '2016-08-04 13:30+00');
"""

TRADING = """
INSERT INTO trading_changes VALUES ('c1', 'paper', '2016-06-02 13:36+00');
INSERT INTO trading_workers VALUES ('paper', 3, '2016-06-02 13:30+00');
INSERT INTO kill_switch_changes (change_id, at, is_active, activated_at, changed_by, reason) VALUES
    ('k1', '2016-06-01 15:00+00', true, '2016-06-01 15:00+00', 'cli:jane', 'a drill'),
    ('k2', '2016-06-01 17:00+00', false, '2016-06-01 15:00+00', 'cli:jane', '');
UPDATE kill_switch SET is_active = false, activated_at = '2016-06-01 15:00+00',
    changed_by = 'cli:jane';
INSERT INTO signal_inbox (account, signal_id, session, strategy, symbol, direction, strength,
    decided_at, expires_at, min_hold_days, max_hold_days, reference_price, win_rate,
    avg_win_loss_ratio, received_at) VALUES
    ('paper', '5e1f', '2016-06-01', 'MomentumStrategy', 'AAPL', 'LONG', 0.5, '2016-06-01 21:00+00',
     '2016-06-02 19:45+00', 2, 20, 98.46, 0.55, 1.4, '2016-06-01 21:10:02+00'),
    ('paper', '5e20', '2016-06-01', 'MomentumStrategy', 'GE', 'FLAT', 1, '2016-06-01 21:00+00',
     '2016-06-02 19:45+00', NULL, NULL, NULL, NULL, NULL, '2016-06-01 21:10:02+00');
INSERT INTO signal_outcomes VALUES
    ('paper', '5e1f', 'ordered', '2016-06-02 13:36+00', '', 'o1');
INSERT INTO malformed_signals VALUES
    ('m1', 'channel', '{"symbol": 7}', 'no direction', 2, '2016-06-01 21:00+00',
     '2016-06-01 21:01+00');
INSERT INTO orders (order_id, account, symbol, side, quantity, order_type, purpose, strategy,
    session, created_at, status, simulated, signal_id, limit_price, reference_price, arrival_price,
    parent_id, slice_number, min_hold_days, max_hold_days) VALUES
    ('o1', 'paper', 'AAPL', 'BUY', 20, 'LIMIT', 'entry', 'MomentumStrategy', '2016-06-02',
     '2016-06-02 13:36+00', 'FILLED', true, '5e1f', 99.9, 98.46, 99.85, NULL, NULL, 2, 20),
    ('o2', 'paper', 'BRK.B', 'BUY', 5, 'TWAP', 'entry', 'MomentumStrategy', '2016-06-02',
     '2016-06-02 13:37+00', 'SUBMITTED', true, NULL, NULL, 140.3, NULL, NULL, NULL, 2, 20),
    ('o2-1', 'paper', 'BRK.B', 'BUY', 1, 'MARKET', 'entry', 'MomentumStrategy', '2016-06-02',
     '2016-06-02 13:37+00', 'AWAITING_APPROVAL', true, NULL, NULL, 140.3, NULL, 'o2', 0, 2, 20);
INSERT INTO order_events (order_id, event_id, status, at, reason, refused_by, broker_order_id,
    execution_id, fill_quantity, fill_price, filled_at, commission, bid, ask) VALUES
    ('o1', 'e1', 'SUBMITTED', '2016-06-02 13:36+00', '', NULL, '17', NULL, NULL, NULL, NULL, NULL,
     99.84, 99.86),
    ('o1', 'e2', 'FILLED', '2016-06-02 13:36:01+00', '', NULL, '17', 'o1-1', 20, 99.875,
     '2016-06-02 13:36:01+00', 1, NULL, NULL);
INSERT INTO fills VALUES ('paper', 'o1-1', 'o1', 20, 99.875, '2016-06-02 13:36:01+00', 1);
INSERT INTO trading_accounts VALUES
    ('paper', 98001.5, 100010.25, 100000, 488.6, '2016-06-02 13:36:01+00', NULL);
INSERT INTO lots VALUES
    ('paper', 'MomentumStrategy', 'AAPL', 20, '2016-06-02', '2016-06-02', 20, 1998.5, 0, false, 2,
     20);
INSERT INTO margin_deficits VALUES ('paper', '2016-06-02', 12.5, 900, 912.5, NULL);
INSERT INTO accepted_doubts VALUES ('paper', 'execution', '0001.01', '2016-06-02 14:00+00');
INSERT INTO applied_actions VALUES
    ('paper', 'AAPL', '2016-08-04', 'dividend', 0.57, 20, 20, 11.4, '2016-08-04 13:30+00');
INSERT INTO cascade_runs (account, stage, at, action, verdicts, order_id, signal_id) VALUES
    ('paper', 'decision', '2016-06-02 13:36+00', 'APPROVE', '[{"check":  "kill_switch"}]', 'o1',
     '5e1f');
INSERT INTO pdt_audit_log (account, order_id, symbol, session, at, action, reason, inputs) VALUES
    ('paper', 'o1', 'AAPL', '2016-06-02', '2016-06-02 13:36+00', 'APPROVE', '', '{"left": 3}');
INSERT INTO approvals VALUES
    ('o2-1', '2016-06-02 13:37+00', '2016-06-02 19:45+00', 140.3, 'above 1 % of ADV', '{adv}',
     'waiting', NULL, '');
INSERT INTO order_qualities VALUES
    ('o1', 'AAPL', 'LIMIT', '2016-06-02 13:36:01+00', 20, 99.875, 2.5, 2, 28.3, 0.1, 1);
INSERT INTO reconciliations (account, at, occasion, drift_pct, cash_difference_usd, foreign_orders,
    strangers) VALUES ('paper', '2016-06-02 13:40+00', 'interval', 0.02, 0, '{}', '{x9}');
INSERT INTO reconciliation_mismatches VALUES (1, 'AAPL', 20, 21, 97.7);
INSERT INTO operator_activity VALUES ('kill_resume', '2016-06-01 17:00+00', 'cli:jane');
INSERT INTO operator_requests (request_id, account, kind, amount_usd, asked_at, asked_by,
    answered_at, answer) VALUES
    ('r1', 'paper', 'transfer', -250.5, '2016-06-02 14:00+00', 'cli:jane', NULL, '');
"""

NOTHING_NEW = ""
"""The rows of the versions before say all there is to say of this one."""

ALERTS = """
INSERT INTO alert_rows_read VALUES (4);
INSERT INTO alert_episodes (key, type, subject, severity, text, began_at, told_at, times, untold,
    reminders) VALUES
    ('drift/paper', 'drift', 'paper', 'high', 'the book differs', '2016-06-02 13:40+00',
     '2016-06-02 13:45+00', 3, 1, 0);
INSERT INTO alerts (cause, type, severity, text, raised_at) VALUES
    ('c2:0', 'drift', 'high', 'the book differs', '2016-06-02 13:40+00');
INSERT INTO alert_deliveries VALUES
    (1, 'slack', 1, '2016-06-02 13:40:01+00'), (1, 'telegram', 2, NULL);
"""

CHAT = """
INSERT INTO chat_updates VALUES (123456, 7001, '2016-06-02 13:38+00');
INSERT INTO chat_cards VALUES
    (123456, '-100200', 'o2-1', 55, 'BRK.B BUY 1', true, '2016-06-02 13:38+00');
"""

ROWS = {
    "0001_bars": BARS,
    "0002_records": RECORDS,
    "0003_vendors": VENDORS,
    "0004_reference": REFERENCE,
    "0005_walk_forward": WALK_FORWARD,
    "0006_models": MODELS,
    "0007_simulated_broker": SIMULATED,
    "0008_trading": TRADING,
    "0009_event_log": NOTHING_NEW,
    "0010_alerts": ALERTS,
    "0011_operator_chat": CHAT,
}
"""What each version of the schema made room for, the oldest first."""

REFUSE = """
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'this table takes nothing'; END $$;
CREATE TRIGGER refuse BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION refuse();
"""
"""Lets a table take no row any more."""

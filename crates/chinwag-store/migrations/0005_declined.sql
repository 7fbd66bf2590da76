-- Requests that were declined are remembered, so that they do not come again.

ALTER TABLE requests ADD COLUMN is_declined INTEGER NOT NULL DEFAULT 0 CHECK (is_declined IN (0, 1));

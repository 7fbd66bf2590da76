-- Edits and retractions of an entry, log by log: a crowd of reactions must not hide them. (Reactions are
-- of kind 3.)
CREATE INDEX entries_by_change ON entries (target, log, kind, seq)
    WHERE target IS NOT NULL AND is_hidden = 0 AND kind <> 3;

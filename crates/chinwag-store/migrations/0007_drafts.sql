-- What a draft is for: the entry that it answers, or whose words it is to change.
ALTER TABLE drafts ADD COLUMN about BLOB;
ALTER TABLE drafts ADD COLUMN is_edit INTEGER NOT NULL DEFAULT 0;

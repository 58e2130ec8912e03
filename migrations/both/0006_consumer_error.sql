-- Why the batch after the checkpoint failed, last time; '' once it is behind the consumer.
ALTER TABLE consumers ADD COLUMN error text NOT NULL DEFAULT '';

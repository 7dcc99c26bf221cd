-- made up
CREATE TABLE message (_id INTEGER PRIMARY KEY);

CREATE INDEX message_index ON message (_id);

import GRDB

/// The tables, and how an older store becomes a newer one.
enum SQLiteSchema {
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1") { database in
            try database.execute(
                sql: """
                    CREATE TABLE runs (
                        id INTEGER PRIMARY KEY,
                        flow TEXT NOT NULL,
                        run TEXT NOT NULL,
                        created REAL NOT NULL,
                        finished REAL,
                        verdict TEXT,
                        record BLOB NOT NULL,
                        UNIQUE (flow, run)
                    );
                    CREATE TABLE events (
                        run INTEGER NOT NULL REFERENCES runs (id),
                        sequence INTEGER NOT NULL,
                        time REAL NOT NULL,
                        kind TEXT NOT NULL,
                        task INTEGER,
                        attempt INTEGER,
                        payload BLOB,
                        PRIMARY KEY (run, sequence)
                    ) WITHOUT ROWID;
                    """)
        }
        migrator.registerMigration("2") { database in
            try database.execute(
                sql: """
                    CREATE TABLE tags (
                        run INTEGER NOT NULL REFERENCES runs (id),
                        tag TEXT NOT NULL,
                        PRIMARY KEY (run, tag)
                    ) WITHOUT ROWID;
                    """)
        }
        return migrator
    }
}

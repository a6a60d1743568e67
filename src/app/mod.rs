//! What the program can do: sessions, verbs, plans, events and failures. Says nothing itself; faces do that.

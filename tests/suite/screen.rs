//! Claims about the screen without a screen: messages in, state and wishes out, and whole sessions with the real worker.

mod bench; // a session without a terminal, and phones that are plugged in and pulled
mod curves; // which numbers belong together
mod desk; // the cable end of it
mod never; // random sessions, judged from outside
mod sessions; // whole stories
mod tape; // recordings, good and hostile
mod updates; // what every message does

//! Every screen as it is drawn, at three sizes, from scenarios: text that is read in the diff. `NVKEEP_GOLDEN=write` makes it
//! anew. The worker is the real one; time is told by the test, so that a picture is always the same.

mod desk; // a model, the real worker, and a simulated phone
mod screens; // the pictures
mod speed; // how long a picture takes

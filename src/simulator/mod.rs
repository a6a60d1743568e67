//! The phone's half of the cable: an MT6572 in its preloader that answers byte for byte like the real one. Shares only
//! `wire` with the host's half, and builds its flash content itself, so that one mistake cannot cancel itself.

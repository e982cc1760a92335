(** Indicators that are fed as bars close. A session is an indicator in the middle of a series; it may be asked what it
    remembers, and another process that is told so goes on with the same values, to the last digit. *)

type t
(** The open sessions, each with a number that the client chose. *)

val most : int
(** Sessions that may be open at once. *)

val none : t
val count : t -> int

val respond :
  t -> session:Yojson.Safe.t -> Yojson.Safe.t -> t * (string * Yojson.Safe.t) list
(** [respond sessions ~session request] is the sessions afterwards and the fields of the answer. {!Protocol} has the
    shapes. A request that fails, with {!Question.Failed}, changes nothing. *)

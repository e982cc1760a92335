(** The parts of a request, each checked; whatever is wrong raises {!Failed}. *)

exception Failed of string * string
(** The code of an error, and its text. *)

val fail : string -> ('a, unit, string, 'b) format4 -> 'a
(** [fail code format …] raises {!Failed}. *)

val kind : Yojson.Safe.t -> string
(** What sort of JSON this is, in words. *)

val field : string -> Yojson.Safe.t -> Yojson.Safe.t option
(** [field name request]; fails where the request is no object. *)

val number : code:string -> where:string -> Yojson.Safe.t -> float
(** A finite number. *)

val object_of : string -> Yojson.Safe.t -> (string * Yojson.Safe.t) list
(** [object_of name request] is the fields of an object in the request; none where it is not there. *)

val flag : string -> Yojson.Safe.t -> bool
(** [flag name request]; false where it is not there. *)

val last_of : Yojson.Safe.t -> int option
(** How many of the latest values are wanted; none for all. *)

val indicator_named : string -> Registry.t
val indicator_of : Yojson.Safe.t -> Registry.t

val parameters : Registry.t -> (string * Yojson.Safe.t) list -> (string * float) list
(** The parameters given, and the defaults of the others. *)

val parameters_of : Registry.t -> Yojson.Safe.t -> string -> float
(** [parameters_of indicator request name] is {!parameters} of the request's [params]. *)

val columns : Registry.t -> (string * Yojson.Safe.t) list -> (string * Series.t) list
(** The inputs of an indicator, of one length, in the order of its [inputs]. *)

val outputs : Registry.t -> last:int option -> Series.t list -> Yojson.Safe.t
(** What [ok] holds: an array for an indicator with one output, else an object of arrays. *)

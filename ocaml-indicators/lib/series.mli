(** Series of float64 values, oldest first, and the sums every indicator is made of.

    A position where an indicator has no value yet holds {!absent}. *)

type t = float array

val absent : float
(** What stands where there is no value: not a number. *)

val is_absent : float -> bool

val sum : t -> first:int -> length:int -> float
(** [sum x ~first ~length] adds [length] values from [first] on with Neumaier's compensation, so that the result
    does not depend on how large the partial sums become. *)

val add : float * float -> float -> float * float
(** [add (total, lost) value] is one step of {!sum}, which begins with [(0.0, 0.0)] and ends with [total +. lost]. *)

val mean : t -> first:int -> length:int -> float
(** Arithmetic mean of [length] values, [length > 0]. *)

val rolling : period:int -> t -> (first:int -> float) -> t
(** [rolling ~period x f] is [f ~first] at each position whose last [period] values begin at [first], absent before.
    Absent values at the beginning of [x] are skipped. *)

val map2 : (float -> float -> float) -> t -> t -> t
(** Combine two series of one length; absent where either is absent. *)

val start : t -> int
(** Position of the first value that is not absent; the length where there is none. *)

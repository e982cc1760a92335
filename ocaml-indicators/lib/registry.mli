(** The indicators by name: what they take and what they give. *)

type parameter = {
  name : string;
  minimum : float;
  maximum : float;
  default : float option;  (** none: it must be given *)
  is_integer : bool;
}

type t = {
  name : string;
  summary : string;
  parameters : parameter list;
  inputs : string list;  (** columns: open, high, low, close, volume, timestamp *)
  outputs : string list;  (** names of the series that [compute] returns, in order *)
  compute : (string -> float) -> (string -> Series.t) -> Series.t list;
      (** [compute parameter column]; both are asked for declared names only. *)
}

val all : t list
(** Sorted by name. *)

val find : string -> t option

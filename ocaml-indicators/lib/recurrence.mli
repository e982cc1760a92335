(** How each indicator goes from one bar to the next. Those that look back a bounded number of bars remember these; the
    others remember what their recurrence needs. *)

type rows = float array list
(** What is remembered. *)

val find : Registry.t -> (string -> float) -> rows * (rows -> bool) * (rows -> float array -> rows * float array)
(** [find indicator parameter] is what is remembered at the beginning, whether rows can be what is remembered, and the
    step: from rows and the inputs of a bar to rows and outputs. *)

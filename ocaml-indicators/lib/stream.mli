(** Indicators bar by bar: what they remember, and the step from one bar to the next. For every series the values are to
    the last digit those of the functions over whole series. *)

type t
(** An indicator in the middle of a series. *)

val fresh : Registry.t -> (string -> float) -> t
(** [fresh indicator parameter] has seen nothing yet. *)

val step : t -> float array -> t * float array
(** [step t bar] takes the inputs of one bar, in the order of the indicator's [inputs]; it returns its [outputs],
    absent where they have no value. *)

val feed : t -> (string * Series.t) list -> t * Series.t list
(** [feed t columns] is [step] for each position of columns of one length, in the order of [inputs]. *)

val memory : t -> float array list
(** All that is remembered, as rows of numbers. *)

val recall : t -> float array list -> t option
(** [recall t rows] goes on where an indicator with the same parameters had [memory] equal to [rows]; none where the rows
    cannot be that. *)

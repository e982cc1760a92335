(** What every file here opens first: the means to read, write, draw lots or look at the machine are taken away, so that a
    stray [print_endline] does not compile. *)

module Unix : sig end
module Sys : sig end
module Random : sig end
module In_channel : sig end
module Out_channel : sig end

val stdin : unit
val stdout : unit
val stderr : unit
val print_char : unit
val print_string : unit
val print_endline : unit
val print_newline : unit
val print_int : unit
val print_float : unit
val prerr_string : unit
val prerr_endline : unit
val read_line : unit
val open_in : unit
val open_out : unit
val exit : unit

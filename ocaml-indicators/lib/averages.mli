(** Moving averages. Every function takes a series, oldest first, and returns one of the same length, absent until warm.
    Absent values at the beginning of the input delay the first value by as much. Periods are at least 1. *)

val sma : period:int -> Series.t -> Series.t
(** Simple: mean of the last [period] values. First value at position [period - 1]. *)

val ema : period:int -> Series.t -> Series.t
(** Exponential: [e(t) = e(t-1) + 2/(period+1) * (x(t) - e(t-1))], seeded at position [period - 1] by the mean of the
    first [period] values (TA-Lib EMA, classic). *)

val wma : period:int -> Series.t -> Series.t
(** Weighted: weights 1 for the oldest of the last [period] values to [period] for the latest, over their sum
    (TA-Lib WMA). *)

val wilder : period:int -> Series.t -> Series.t
(** Wilder's smoothing: [w(t) = (w(t-1) * (period-1) + x(t)) / period], seeded by the mean of the first [period]
    values (J. W. Wilder, New Concepts in Technical Trading Systems, 1978). *)

val ema_step : period:int -> float -> float -> float
(** [ema_step ~period previous value] is the exponential mean behind [previous]. *)

val wilder_step : period:int -> float -> float -> float
(** [wilder_step ~period previous value] is Wilder's mean behind [previous]. *)

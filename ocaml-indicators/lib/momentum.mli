(** Momentum of a series: how fast it moves, and which way. *)

val rsi : period:int -> Series.t -> Series.t
(** Relative strength index, 0 to 100: [100 * G / (G + L)] with Wilder means of rises and falls, seeded by the means of
    the first [period] changes; first value at position [period]. Where nothing moved at all it is 0, as in TA-Lib. *)

val gain : float -> float
(** What a change adds to the rises. *)

val loss : float -> float
(** What a change adds to the falls. *)

val strength : float -> float -> float
(** [strength gains losses] is the index of the two means. *)

val macd : fast:int -> slow:int -> signal:int -> Series.t -> Series.t * Series.t * Series.t
(** (macd, signal, histogram): [ema fast - ema slow], its [ema signal], their difference. Both averages begin at
    position [slow - 1], the fast one seeded by the last [fast] values up to there; all three begin together at
    [slow + signal - 2] (TA-Lib MACD). A fast period longer than the slow one changes places with it. *)

val roc : period:int -> Series.t -> Series.t
(** Rate of change, percent: [100 * (x(t) / x(t - period) - 1)]; 0 where the old value is 0 (TA-Lib ROC). *)

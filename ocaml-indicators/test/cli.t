One shot, from an object of columns or from an array of closes:

  $ echo '{"close":[1,2,3,4,5]}' | ../bin/main.exe ema --period 3
  [null,null,2.0,3.0,4.0]
  $ echo '[1,2,4]' | ../bin/main.exe sma --period 2 --last 1
  [3.0]
  $ echo '{"close":[1,3]}' | ../bin/main.exe bollinger --period 2
  {"upper":[null,4.0],"middle":[null,2.0],"lower":[null,0.0]}

Line by line, whatever comes:

  $ ../bin/main.exe <<EOF
  > {"id":1,"indicator":"ema","params":{"period":2},"data":{"close":[1,2,3]}}
  > {"id":"b","indicator":"macd","params":{"fast":2,"slow":3,"signal":2},"data":{"close":[1,2,4,8,16]},"last":2}
  > {"id":3,"indicator":"atr","params":{"period":1},"data":{"high":[2,3],"low":[1,2],"close":[1.5,2.5]}}
  > 
  > nonsense
  > {"id":4,"indicator":"emma","data":{}}
  > {"id":5,"indicator":"ema","data":{"close":[1]}}
  > {"id":6,"indicator":"ema","params":{"period":0},"data":{"close":[1]}}
  > {"id":7,"indicator":"ema","params":{"period":2.5},"data":{"close":[1]}}
  > {"id":8,"indicator":"ema","params":{"length":2},"data":{"close":[1]}}
  > {"id":9,"indicator":"ema","params":{"period":2},"data":{"open":[1]}}
  > {"id":10,"indicator":"atr","data":{"high":[1,2],"low":[1],"close":[1,2]}}
  > {"id":11,"indicator":"ema","params":{"period":2},"data":{"close":[1,"x"]}}
  > {"id":12,"indicator":"ema","params":{"period":1},"data":{"close":[1]},"last":0}
  > {"id":13,"indicator":"roc","params":{"period":1},"data":{"close":[1e-300,1e300]}}
  > EOF
  {"id":1,"ok":[null,1.5,2.5]}
  {"id":"b","ok":{"macd":[1.166666666666667,2.1944444444444464],"signal":[0.9166666666666667,1.76851851851852],"histogram":[0.2500000000000002,0.4259259259259265]}}
  {"id":3,"ok":[null,1.5]}
  {"id":null,"error":{"code":"bad_json","message":"Line 1, bytes 0-8:\nInvalid token 'nonsense'"}}
  {"id":4,"error":{"code":"unknown_indicator","message":"emma: no such indicator; there are adx, atr, avg_volume, bollinger, cci, donchian, ema, highest, keltner, lowest, macd, obv, roc, rsi, sma, stddev, stochastic, vwap, wma"}}
  {"id":5,"error":{"code":"bad_params","message":"ema: period: expected a number, found nothing"}}
  {"id":6,"error":{"code":"bad_params","message":"ema: period: expected an integer from 1 to 100000, found 0"}}
  {"id":7,"error":{"code":"bad_params","message":"ema: period: expected an integer from 1 to 100000, found 2.5"}}
  {"id":8,"error":{"code":"bad_params","message":"ema: length: no such parameter"}}
  {"id":9,"error":{"code":"bad_data","message":"ema: expected the column close, found none"}}
  {"id":10,"error":{"code":"bad_data","message":"high has 2 values, low has 1"}}
  {"id":11,"error":{"code":"bad_data","message":"close[1]: expected a number, found a string"}}
  {"id":12,"error":{"code":"bad_request","message":"last: expected an integer from 1, found 0"}}
  {"id":13,"error":{"code":"overflow","message":"a value is too large for float64"}}

What it can do:

  $ ../bin/main.exe --list | wc -l | tr -d ' '
  19
  $ ../bin/main.exe --list | grep '"sma"'
  {"name":"sma","summary":"simple moving average","params":[{"name":"period","minimum":1.0,"maximum":100000.0,"default":null,"integer":true}],"inputs":["close"],"outputs":["sma"]}
  $ ../bin/main.exe --version
  1.0.0

What it cannot:

  $ ../bin/main.exe ema < /dev/null
  ocaml-indicators: Blank input data
  [1]
  $ echo '{"close":[1]}' | ../bin/main.exe ema
  ocaml-indicators: ema: period: expected a number, found nothing
  [1]
  $ echo '{"close":[1]}' | ../bin/main.exe ema --period
  ocaml-indicators: --period: expected an option with a value
  usage: ocaml-indicators                                 answer requests, one JSON object a line
         ocaml-indicators NAME [--PARAMETER VALUE]... [--last N] < FILE
                                                          compute once from {"close":[...],...} or [closes]
         ocaml-indicators --list                          print the indicators, one JSON object a line
         ocaml-indicators --help | --version
  
  [2]
  $ echo '{"close":[1]}' | ../bin/main.exe ema --period two
  ocaml-indicators: period: expected a number, found two
  [1]
  $ echo '{"close":[1]}' | ../bin/main.exe ema --period 1 --last none
  ocaml-indicators: --last: expected an integer from 1, found none
  [2]
  $ ../bin/main.exe --what
  ocaml-indicators: --what: no such option
  usage: ocaml-indicators                                 answer requests, one JSON object a line
         ocaml-indicators NAME [--PARAMETER VALUE]... [--last N] < FILE
                                                          compute once from {"close":[...],...} or [closes]
         ocaml-indicators --list                          print the indicators, one JSON object a line
         ocaml-indicators --help | --version
  
  [2]
